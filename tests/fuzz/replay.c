/*
 * Feeds every file of a corpus to one fuzz target, and says so in TAP: what fuzzing found once
 * stays tested, with any compiler and without libFuzzer. Each file has a process of its own, so
 * that one that crashes is named and the others are still fed.
 *
 * The corpus is the folder in argv[1], or tests/fuzz/corpus/NAME, NAME being our own.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

enum { INPUT_MAX = 64 << 20 };

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* The input in a block of its own exact size, so that a sanitizer sees a read beyond it. */
static void feed(const struct buf *input)
{
	uint8_t *copy = malloc(input->n ? input->n : 1);

	if (!copy)
		abort();
	if (input->n)
		memcpy(copy, input->p, input->n);
	LLVMFuzzerTestOneInput(copy, input->n);
	free(copy);
}

static int feed_file(const char *path)
{
	struct buf input = { 0 };
	struct err e;

	if (io_read_file(path, INPUT_MAX, &input, &e) < 0) {
		fprintf(stderr, "# %s\n", e.msg);
		return 1;
	}
	feed(&input);
	buf_release(&input);
	return 0;
}

static bool replay(const char *path)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		exit(feed_file(path)); /* not _exit: a leak checker works at exit */
	if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
		return true;
	fprintf(stderr, "# '%s' fails its target: wait status %#x\n", path, (unsigned)status);
	return false;
}

int main(int argc, char **argv)
{
	const char *self = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	struct dirent **names;
	struct buf dir = { 0 };
	int n, failed = 0;

	if (argc > 1)
		buf_add_str(&dir, argv[1]);
	else
		buf_addf(&dir, "tests/fuzz/corpus/%s", self);
	n = scandir(buf_str(&dir), &names, not_hidden, alphasort);
	if (n <= 0) {
		printf("Bail out! no corpus '%s': %s\n", buf_str(&dir),
		       n ? strerror(errno) : "empty");
		return 1;
	}
	/* The empty input is part of every corpus. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 0; i < n; i++) {
		struct buf path = { 0 };
		bool good;

		buf_addf(&path, "%s/%s", buf_str(&dir), names[i]->d_name);
		good = replay(buf_str(&path));
		printf("%s %d - %s\n", good ? "ok" : "not ok", i + 1, names[i]->d_name);
		buf_release(&path);
		failed += !good;
		free(names[i]);
	}
	printf("1..%d\n", n);
	free(names);
	buf_release(&dir);
	return failed != 0;
}
