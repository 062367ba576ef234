#include "store_engine.h"
