static const struct route routes[] = {
	{"GET", "/v1/records/{type}"},
	{"GET", "/v1/log"}, /* BAD */
};
