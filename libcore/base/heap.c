#include "base/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/sanitized.h"

enum {
	ROOM = 32 << 20,
	STEP = 4 << 20,	     /* by which it grows behind the room */
	HUGE_PAGE = 2 << 20, /* of x86, and of ARM with pages of 4 KiB */
	LARGE = 32
		<< 20 /* what is asked for at once is mapped apart from here: as late as can be */
};

/* What lies before the first huge page is never used, nor touched. */
static void *before;

void heap_for_one_task(bool ready)
{
	static bool made;
	uintptr_t room;
	size_t gap;

	if (made || SANITIZED) /* a sanitizer has its own malloc */
		return;
	made = true;
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	mallopt(M_TOP_PAD, ROOM);
	before = malloc(STEP); /* more than the heap has left, so it grows by the room as well */
	mallopt(M_TOP_PAD, STEP);
	room = (uintptr_t)before;
	free(before);
	gap = HUGE_PAGE - room % HUGE_PAGE;
	before = malloc(gap - 2 * sizeof(size_t));
	if (!room || (uintptr_t)before != room)
		return;
	/* Where the kernel does not know these, it maps pages one by one, when they are touched. */
	(void)madvise((void *)(room + gap), ROOM, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
	if (ready)
		(void)madvise((void *)(room + gap), HUGE_PAGE, MADV_POPULATE_WRITE);
#endif
}
