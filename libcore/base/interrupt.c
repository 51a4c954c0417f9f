#include "base/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static sigset_t only_sigint(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	return set;
}

void interrupt_block(void)
{
	sigset_t set = only_sigint();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool interrupt_waits(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, SIGINT);
}

int interrupt_check(struct err *e)
{
	return interrupt_waits() ? err_set(e, ERR_AGAIN, "interrupted") : 0;
}

void interrupt_take(void)
{
	sigset_t set = only_sigint();

	sigtimedwait(&set, NULL, &(struct timespec){ 0 });
}
