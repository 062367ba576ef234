#include "protocol/merge.h"
#include "client/queue.h" /* BAD */
