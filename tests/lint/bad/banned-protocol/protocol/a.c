static long long a(struct source *source)
{
	source->read(source);
	printf("a library never prints"); /* BAD */
	return time(NULL); /* BAD */
}
