#include "store/store_engine.h" /* BAD */
