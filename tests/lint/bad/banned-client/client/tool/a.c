static void a(void)
{
	printf("a tool does");
	strcpy(a, b); /* BAD */
}
