#include "query/warm_up.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/heap.h"
#include "regex/regex.h"

#ifdef MADV_POPULATE_READ
/* What is only read of a file that was loaded: code and constants. */
static int map_pages(struct dl_phdr_info *file, size_t size, void *page)
{
	(void)size;
	for (int i = 0; i < file->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &file->dlpi_phdr[i];
		size_t past = part->p_vaddr % *(size_t *)page;

		/* Where the kernel does not know this, pages are mapped one by one later. */
		if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
			(void)madvise((void *)(uintptr_t)(file->dlpi_addr + part->p_vaddr - past),
				      part->p_memsz + past, MADV_POPULATE_READ);
	}
	return 0;
}
#endif

/* The first regex makes room for machine code, and finds out what the processor can do. */
static void warm_regex(void)
{
	struct err e;
	struct regex *r = regex_new(BYTES_LIT("a+b"), REGEX_UNANCHORED, &e);

	regex_free(r);
}

void query_warm_up(void)
{
#ifdef MADV_POPULATE_READ
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	dl_iterate_phdr(map_pages, &page);
#endif
	heap_for_one_task(true);
	crc32c("", 0);
	warm_regex();
}
