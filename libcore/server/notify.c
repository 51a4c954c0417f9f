#include "server/notify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/num.h"
#include "time/time.h"

enum { FIRST_FD = 3 }; /* sd_listen_fds(3) */

int notify_say(const char *state, struct err *e)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd, rc = 0;

	if (n == 0)
		return 0;
	if (n >= sizeof(to.sun_path))
		return err_set(e, ERR_IO, "NOTIFY_SOCKET: a path of %zu bytes", n);
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		rc = err_sys(e, "NOTIFY_SOCKET '%s'", path);
	close(fd);
	return rc;
}

/* A number of the environment, or 0. */
static uint64_t env_number(const char *name)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && num_u64(bytes_str(text), &n) ? n : 0;
}

int notify_listen_fd(void)
{
	if (env_number("LISTEN_PID") != (uint64_t)getpid() || env_number("LISTEN_FDS") == 0)
		return -1;
	if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return FIRST_FD;
}

int64_t notify_watchdog_ns(void)
{
	uint64_t us = env_number("WATCHDOG_USEC");

	if (us == 0 || us > INT64_MAX / NS_PER_US)
		return 0;
	return (int64_t)us * NS_PER_US / 2;
}
