#include "daemon/log.h" /* BAD */
