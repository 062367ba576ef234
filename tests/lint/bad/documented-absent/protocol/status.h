	X(NOT_FOUND, 404)
	X(BUSY, 503) /* BAD: not in the page's code style */
