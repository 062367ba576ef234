#include <sodium.h> /* BAD */
#include <stdio.h>
#include <sys/stat.h>
#include <glib.h> /* BAD */
