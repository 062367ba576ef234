	{"GET", "/v1/log"},
