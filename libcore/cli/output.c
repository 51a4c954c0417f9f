#include "cli/output.h"

#include <unistd.h>

#include "base/io.h"

static int begin(const char *path, struct file_replace *file, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int r = file_replace_open(dir, file, e);

	free(dir);
	if (r == 0 && dup2(file->fd, STDOUT_FILENO) < 0) {
		r = err_sys(e, "'%s'", path);
		file_replace_abort(file);
	}
	return r;
}

static int end(const char *path, struct file_replace *file, bool keep, struct err *e)
{
	if (fflush(stdout) == 0 && keep)
		return file_replace_commit(file, path, e);
	if (keep)
		err_sys(e, "'%s'", path);
	file_replace_abort(file);
	return keep ? -1 : 0;
}

void cli_output_run(struct cli *c, const char *path, cli_output_fn *fn, void *data)
{
	struct file_replace file;
	struct err e, closing;
	int r = path ? begin(path, &file, &e) : 0;

	if (r == 0) {
		r = fn(data, &e);
		if (path && end(path, &file, r == 0 || e.code == ERR_NO, &closing) < 0)
			cli_report(c, &closing);
	}
	if (r < 0 && e.code != ERR_NO)
		cli_report(c, &e);
	else if (r < 0 && !c->failure)
		c->failure = err_exit_code(ERR_NO);
}
