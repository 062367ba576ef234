#include <cmocka.h> /* BAD */
