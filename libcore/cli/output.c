#include "cli/output.h"

#include <unistd.h>

int cli_output_open(struct cli_output *o, const char *path, struct err *e)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char *dir;
	int r;

	*o = (struct cli_output){ .path = path };
	if (!path)
		return 0;
	dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	r = file_replace_open(dir, &o->file, e);
	free(dir);
	if (r == 0 && dup2(o->file.fd, STDOUT_FILENO) < 0) {
		r = err_sys(e, "'%s'", path);
		file_replace_abort(&o->file);
	}
	return r;
}

int cli_output_close(struct cli_output *o, enum cli_output_end end, struct err *e)
{
	int r = 0;

	if (!o->path)
		return 0;
	if (fflush(stdout) != 0)
		r = err_sys(e, "'%s'", o->path);
	if (r == 0 && end == CLI_OUTPUT_KEEP)
		return file_replace_commit(&o->file, o->path, e);
	file_replace_abort(&o->file);
	return r;
}
