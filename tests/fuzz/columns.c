/* Columns: byte 0 is the number of entries, then four columns with a length byte pair each. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/rd.h"
#include "entry/columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd rd = rd_init(bytes_of(data, size));
	struct bytes col[COL_COUNT];
	struct run_mem m = { 0 };
	struct run run;
	struct err e;
	size_t n = rd_u8(&rd), used = 0;

	for (int c = 0; c < COL_COUNT; c++) {
		col[c] = rd_bytes(&rd, rd_u16be(&rd));
		if (rd.failed)
			col[c] = (struct bytes){ 0 };
	}
	if (columns_decode(col, n, WANT_ALL, &m, &run, &e) == 0) {
		for (size_t i = 0; i < run.n; i++) {
			struct bytes line = run_line(&run, i);
			uint32_t set = run.meta_set ? run.meta_set[i] : 0;

			used += (size_t)run.ts_ns[i] +
				(line.n ? (unsigned char)line.p[line.n - 1] : 0);
			for (size_t p = 0; p < meta_n_pairs(&run.meta, set); p++)
				used += meta_pair(&run.meta, set, p).value.n;
		}
		if (run.n != n)
			abort();
	}
	run_mem_release(&m);
	return used == SIZE_MAX; /* never: the sum is there so that every byte is looked at */
}
