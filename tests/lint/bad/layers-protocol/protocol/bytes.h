#include "merge.h" /* BAD */
#include "client/queue.h" /* BAD */
#include "status.h"
