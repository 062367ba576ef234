static void a(char *to, const char *from)
{
	strcpy(to, from);	  /* BAD */
	strcat(to, from);	  /* BAD */
	sprintf(to, "%s", from);  /* BAD */
	(void)gets(to);		  /* BAD */
	(void)strtok(to, ",");	  /* BAD */
	(void)atoi(to);		  /* BAD */
	(void)alloca (12);	  /* BAD */
	(void)system(to);	  /* BAD */
	(void)popen(to, "r");	  /* BAD */
	(void)rand();		  /* BAD */
	srand(1);		  /* BAD */
	(void)localtime(NULL);	  /* BAD */
	(void)gmtime(NULL);	  /* BAD */
	(void)asctime(NULL);	  /* BAD */
	(void)ctime(NULL);	  /* BAD */
	strncpy(to, from, 3);	  /* BAD */
	(void)tmpnam(to);	  /* BAD */
	(void)mktemp(to);	  /* BAD */
	/* system() in a comment, "popen()" in a string and a longer name are allowed. */
	log_line("do not use system()");
	file_system(to);
	engine->system(to);
}
