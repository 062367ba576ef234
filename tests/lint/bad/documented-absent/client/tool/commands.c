	{"record", cmd_record},
	{ .name = "token add", cmd_token_add }, /* BAD */
	{.name = "sync"},
