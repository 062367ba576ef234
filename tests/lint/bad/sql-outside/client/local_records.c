static const char *const query = "SELECT seq FROM log";
