#include <sqlite3.h> /* BAD */
