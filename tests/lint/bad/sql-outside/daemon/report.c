static const char *const query = "SELECT seq FROM log"; /* BAD */
static const char *const other = "  DELETE FROM log "; /* BAD */
static const char *const method = "DELETE";
