/* Logs in which programs have told their requests: any text is a count of them, which is the same
 * in one piece and line by line, or an error with its line. */
#include "fuzz.h"

#include <stdlib.h>

#include "cost/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct requests whole = { 0 }, lines = { 0 };
	struct bytes rest = bytes_of(data, size), line;
	struct err e, of_line;
	int rc;

	if (size > 1 << 12)
		return 0;
	rc = requests_add(&whole, rest, "f", &e);
	if (rc < 0 && (strncmp(e.msg, "f:", 2) != 0 || whole.lines || whole.puts || whole.gets))
		abort();
	while (bytes_split(&rest, '\n', &line))
		if (requests_add(&lines, line, "f", &of_line) < 0 && of_line.code != ERR_CORRUPT) {
			if (rc == 0 || e.code != ERR_LIMIT)
				abort();
			return 0;
		}
	if (rc < 0 ? lines.lines > 0
		   : lines.lines != whole.lines || lines.puts != whole.puts ||
			     lines.gets != whole.gets)
		abort();
	return 0;
}
