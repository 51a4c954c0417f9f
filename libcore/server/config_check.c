/*
 * Warnings, not faults: a file may be checked elsewhere than where it is to be used, and by
 * another user.
 */
#include "server/config_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "server/process.h"
#include "store/store.h"

void config_warn_machine(struct report *r, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list va;

	if (!r->say)
		return;
	buf_add_str(&text, "on this machine: ");
	va_start(va, fmt);
	buf_addv(&text, fmt, va);
	va_end(va);
	r->say(r->data, REPORT_WARNING, buf_str(&text));
	buf_release(&text);
}

/* Cuts the path's last piece off: "a/b" becomes "a", "a" ".", "/a" "/". */
static void to_parent(struct buf *path)
{
	while (path->n > 1 && path->p[path->n - 1] == '/')
		path->n--;
	while (path->n && path->p[path->n - 1] != '/')
		path->n--;
	while (path->n > 1 && path->p[path->n - 1] == '/')
		path->n--;
	if (path->n == 0)
		buf_add_char(path, '.');
}

/* Of a folder that may be written, 0; else errno, also of what is none. */
static int try_folder(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* What is not there is made at the start, when the folder can be written in which it is to be.
 * False when it cannot be used. */
static bool check_folder(const char *what, const char *path, struct report *r)
{
	struct buf at = { 0 };
	int failed;

	buf_add_str(&at, path);
	failed = try_folder(buf_str(&at));
	while (failed == ENOENT && !bytes_is(buf_bytes(&at), "/") &&
	       !bytes_is(buf_bytes(&at), ".")) {
		to_parent(&at);
		failed = try_folder(buf_str(&at));
	}
	if (failed && strcmp(buf_str(&at), path) == 0)
		config_warn_machine(r, "%s '%s' cannot be written: %s", what, path,
				    strerror(failed));
	else if (failed)
		config_warn_machine(r, "%s '%s' cannot be made in '%s': %s", what, path,
				    buf_str(&at), strerror(failed));
	buf_release(&at);
	return !failed;
}

static bool lies_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

static void check_store(const char *what, const char *path, struct report *r)
{
	if (!store_is_url(path))
		check_folder(what, path, r);
}

/* What lies below a folder that was told already is not told again. */
static void check_folders(const struct config *c, struct report *r)
{
	bool data = check_folder("the folder of the data", c->data, r);

	if (data || !lies_below(c->wal, c->data))
		check_folder("the log", c->wal, r);
	if (data || !lies_below(c->store_path, c->data))
		check_store("the store", c->store_path, r);
	if (c->store_index)
		check_store("the index's store", c->store_index, r);
	if (c->store_rules)
		check_store("the rules' store", c->store_rules, r);
}

/* As try_folder, of a file. */
static int try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* Its folder is made only where it is that of the data. */
static void check_audit_log(const struct config *c, struct report *r)
{
	struct buf folder = { 0 };
	int failed = try_file(c->audit.log_path);

	buf_add_str(&folder, c->audit.log_path);
	to_parent(&folder);
	if (failed == ENOENT)
		failed = strcmp(buf_str(&folder), c->data) == 0 ? 0 : try_folder(buf_str(&folder));
	if (failed)
		config_warn_machine(r, "the audit log '%s' cannot be written: %s",
				    c->audit.log_path, strerror(failed));
	buf_release(&folder);
}

int config_find_programs(const struct config *c, struct buf *ret, struct err *e)
{
	ssize_t n;

	if (c->programs) {
		buf_add_str(ret, c->programs);
		return 0;
	}
	n = readlink("/proc/self/exe", buf_reserve(ret, PATH_MAX), PATH_MAX);
	if (n < 0)
		return err_sys(e, "'/proc/self/exe'");
	ret->n = (size_t)n;
	to_parent(ret);
	return 0;
}

static void check_programs(const struct config *c, struct report *r)
{
	struct buf folder = { 0 }, path = { 0 };
	struct err e;

	if (config_find_programs(c, &folder, &e) < 0)
		config_warn_machine(r, "%s", e.msg);
	for (size_t i = 0; folder.n && i < PROCESS_OTHER; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", buf_str(&folder), process_programs[i]);
		if (access(buf_str(&path), X_OK) < 0)
			config_warn_machine(r, "cannot run '%s': %s", buf_str(&path),
					    strerror(errno));
	}
	buf_release(&folder);
	buf_release(&path);
}

static void on_tls_fault(void *data, const struct err *fault)
{
	config_warn_machine(data, "%s", fault->msg);
}

void config_check_machine(const struct config *c, struct report *r)
{
	check_folders(c, r);
	if (c->audit.enabled)
		check_audit_log(c, r);
	check_programs(c, r);
	http_check_tls(&c->server.tls, on_tls_fault, r);
}
