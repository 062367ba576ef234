#include "client/queue.h" /* BAD */
#include "log.h"
#include "missing.h" /* BAD */
#include "generated/schema.h"
/* #include "client/queue.h" */
