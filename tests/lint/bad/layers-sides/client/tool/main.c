#include "../queue.h" /* BAD */
#include "sambung.h"
