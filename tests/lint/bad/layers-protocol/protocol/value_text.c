#include "merge.h" /* BAD */
#include "value.h"
#include "sql/sql.h" /* BAD */
