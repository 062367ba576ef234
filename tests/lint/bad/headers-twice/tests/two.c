#include <microhttpd.h> /* BAD */
