#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum { LINKS_MAX = 40 };

/* The folder of a path, with its slash; "./" when it has none. To be freed. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
}

/* Where symbolic links lead to in the end, be it there or not. To be freed. */
static char *follow(const char *path, struct err *e)
{
	struct buf b = { 0 };
	char to[4096], *dir;

	buf_add_str(&b, path);
	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t n = readlink(buf_str(&b), to, sizeof(to));

		if (n < 0) {
			buf_add_char(&b, '\0');
			return b.p;
		}
		dir = to[0] == '/' ? strdup("") : folder_of(b.p);
		buf_reset(&b);
		buf_add_str(&b, dir);
		buf_add(&b, to, (size_t)n);
		free(dir);
	}
	buf_release(&b);
	err_set(e, ERR_IO, "'%s': too many symbolic links", path);
	return NULL;
}

static int take_stdout(int fd, const char *path, struct err *e)
{
	return dup2(fd, STDOUT_FILENO) < 0 ? err_sys(e, "'%s'", path) : 0;
}

static int write_as_it_is(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), r;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	r = take_stdout(fd, path, e);
	close(fd);
	return r;
}

/* Mode and owner are those of the file that is replaced. */
static int keep_mode(int fd, const struct stat *old, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "'%s'", path);
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM)
		return err_sys(e, "'%s'", path);
	return fchmod(fd, old->st_mode & 0777) < 0 ? err_sys(e, "'%s'", path) : 0;
}

/* A FILE being written. */
struct output {
	const char *path; /* NULL: stdout stays what it is */
	char *target;	  /* what path leads to; NULL: it is written to as it is */
	struct file_replace file;
};

static int begin(struct output *o, struct err *e)
{
	struct stat st;
	bool there = stat(o->path, &st) == 0;
	char *dir;
	int r;

	if (there && !S_ISREG(st.st_mode))
		return write_as_it_is(o->path, e);
	o->target = follow(o->path, e);
	if (!o->target)
		return -1;
	dir = folder_of(o->target);
	r = file_replace_open_unnamed(dir, &o->file, e);
	free(dir);
	if (r == 0 && ((there && keep_mode(o->file.fd, &st, o->path, e) < 0) ||
		       take_stdout(o->file.fd, o->path, e) < 0)) {
		file_replace_abort(&o->file);
		return -1;
	}
	return r < 0 ? err_wrap(e, "'%s'", o->path) : 0;
}

/* What is written is not what is read. */
static void check_inputs(const struct cli *c, const char *path)
{
	struct stat out, in;

	if (stat(path, &out) < 0 || !S_ISREG(out.st_mode))
		return;
	for (int i = -1; i < c->n_operands; i++)
		if ((i < 0 ? fstat(STDIN_FILENO, &in) : stat(c->operand[i], &in)) == 0 &&
		    in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			cli_usage(c, "--output '%s' is one of the inputs", path);
}

/* A write that failed, by what was written to; cli_exit is not to find it again. */
static int told_once(const struct output *o, int r, struct err *e)
{
	bool had = r < 0 && e->code != ERR_NO && ferror(stdout);
	const char *quote = o->path ? "'" : "", *name = o->path ? o->path : "stdout";

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return r;
	if (had)
		err_wrap(e, "%s%s%s", quote, name, quote);
	else if (errno)
		err_sys(e, "%s%s%s: cannot write", quote, name, quote);
	else
		err_set(e, ERR_IO, "%s%s%s: cannot write", quote, name, quote);
	__fpurge(stdout);
	clearerr(stdout);
	return -1;
}

void cli_output_run(struct cli *c, const char *path, cli_output_fn *fn, void *data)
{
	struct output o = { .path = cli_output_is_file(path) ? path : NULL };
	struct err e = { 0 };
	int r = 0;

	if (o.path) {
		check_inputs(c, o.path);
		r = begin(&o, &e);
	}
	if (r == 0)
		r = told_once(&o, fn(data, &e), &e);
	if (o.file.tmp_path) {
		if (r == 0)
			r = file_replace_commit(&o.file, o.target, &e);
		else if (r == CLI_OUTPUT_NONE || e.code != ERR_NO)
			file_replace_abort(&o.file);
		else if (file_replace_commit(&o.file, o.target, &e) == 0)
			e.code = ERR_NO;
	}
	free(o.target);
	if (r < 0 && e.code != ERR_NO)
		cli_report(c, &e);
	else if (r != 0 && !c->failure)
		c->failure = err_exit_code(ERR_NO);
}

int cli_print(struct bytes text, struct err *e)
{
	if ((text.n && fwrite(text.p, 1, text.n, stdout) != text.n) || fflush(stdout) != 0)
		return err_sys(e, "cannot write");
	return 0;
}
