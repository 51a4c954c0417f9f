#include "prompt/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

bool history_path(struct buf *ret)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	/* By the rules of XDG a relative path is none. */
	if (state && state[0] == '/')
		buf_add_str(ret, state);
	else if (home && home[0] == '/')
		buf_addf(ret, "%s/.local/state", home);
	else
		return false;
	buf_add_str(ret, "/lokid/logql_history");
	return true;
}

static void add_escaped(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_add_str(b, "\\n");
		else if (text.p[i] == '\\')
			buf_add_str(b, "\\\\");
		else
			buf_add_char(b, text.p[i]);
	}
	buf_add_char(b, '\n');
}

static void unescape(struct buf *ret, struct bytes line)
{
	buf_reset(ret);
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\' && i + 1 < line.n)
			buf_add_char(ret, line.p[++i] == 'n' ? '\n' : line.p[i]);
		else
			buf_add_char(ret, line.p[i]);
	}
}

/* --- reading --------------------------------------------------------------------------------- */

/* The last HISTORY_BYTES_MAX of the file, from the beginning of a line. */
static int read_end(int fd, struct buf *ret, struct err *e)
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > HISTORY_BYTES_MAX ? size - HISTORY_BYTES_MAX : 0;
	const char *nl;
	int64_t n;

	if (size < 0)
		return err_sys(e, "cannot seek");
	n = io_pread(fd, buf_reserve(ret, HISTORY_BYTES_MAX), HISTORY_BYTES_MAX, (uint64_t)from, e);
	if (n < 0)
		return -1;
	ret->n = (size_t)n;
	if (from == 0 || n == 0)
		return 0;
	nl = memchr(ret->p, '\n', ret->n);
	buf_drop(ret, nl ? (size_t)(nl - ret->p) + 1 : ret->n);
	return 0;
}

/* Where the newest n lines of text begin; *ret_n: how many lines there are in all. */
static size_t newest(struct bytes text, size_t n, size_t *ret_n)
{
	size_t from = 0, back = 0;

	*ret_n = 0;
	for (size_t i = text.n; i > 0; i--) {
		if (text.p[i - 1] != '\n')
			continue;
		++*ret_n;
		if (back == n)
			from = i;
		back++;
	}
	return from;
}

static int cut_to(const char *path, struct bytes text, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct file_replace r;
	char *dir = strndup(path, slash ? (size_t)(slash - path) : 0);
	int ret = file_replace_open_unnamed(slash ? dir : ".", &r, e);

	free(dir);
	if (ret < 0)
		return -1;
	if (fchmod(r.fd, 0600) < 0 || io_write(r.fd, text.p, text.n, e) < 0) {
		file_replace_abort(&r);
		return -1;
	}
	return file_replace_commit(&r, path, e);
}

int history_load(const char *path, history_fn *each, void *data, struct err *e)
{
	struct buf text = { 0 }, one = { 0 };
	struct bytes rest, line;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret = -1;
	struct stat st;
	size_t n;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "cannot open '%s'", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_IO, "'%s' is not a file", path);
		goto out;
	}
	if (read_end(fd, &text, e) < 0) {
		err_wrap(e, "'%s'", path);
		goto out;
	}
	buf_drop(&text, newest(buf_bytes(&text), HISTORY_MAX, &n));
	rest = buf_bytes(&text);
	while (rest.n && bytes_split(&rest, '\n', &line)) {
		unescape(&one, line);
		if (one.n)
			each(data, buf_str(&one));
	}
	ret = n > 2 * HISTORY_MAX || st.st_size > HISTORY_BYTES_MAX
		      ? cut_to(path, buf_bytes(&text), e)
		      : 0;
out:
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	buf_release(&one);
	return ret;
}

/* --- writing --------------------------------------------------------------------------------- */

/* Those of others stay as they are. */
static void make_folders(const char *path)
{
	struct buf b = { 0 };

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		buf_reset(&b);
		buf_add(&b, path, (size_t)(slash - path));
		mkdir(buf_str(&b), 0700);
	}
	buf_release(&b);
}

int history_add(const char *path, struct bytes text, struct err *e)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0600), ret;
	struct buf b = { 0 };

	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = open(path, flags, 0600);
	}
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	add_escaped(&b, text);
	ret = io_write(fd, b.p, b.n, e);
	close(fd);
	buf_release(&b);
	return ret;
}
