#include "daemon/http/server.h" /* BAD */
