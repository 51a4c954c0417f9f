#include "base/dynlib.h"

#include <dlfcn.h>
#include <string.h>

int dynlib_load(const char *const names[2], const char *missing, const struct dynlib_function *v,
		size_t n, struct err *e)
{
	void *handle = dlopen(names[0], RTLD_NOW | RTLD_LOCAL);

	if (!handle && names[1])
		handle = dlopen(names[1], RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return err_set(e, ERR_IO, "%s", missing);
	for (size_t i = 0; i < n; i++) {
		void *p = dlsym(handle, v[i].name);

		if (!p)
			return err_set(e, ERR_IO, "%s lacks %s: it is too old", names[0],
				       v[i].name);
		memcpy(v[i].at, &p, sizeof(p));
	}
	return 0;
}
