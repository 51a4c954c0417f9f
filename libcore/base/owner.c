#include "base/owner.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 4096 };

bool owner_is_other(const char *folder, const char *prog, struct err *why)
{
	struct passwd pw, *found = NULL;
	char text[TEXT_MAX];
	struct stat st;

	if (geteuid() != 0 || stat(folder, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0)
		return false;
	if (getpwuid_r(st.st_uid, &pw, text, sizeof(text), &found) == 0 && found)
		err_set(why, ERR_IO,
			"'%s' is the folder of user '%s', who may not be able to use what root "
			"writes there: runuser -u %s -- %s",
			folder, found->pw_name, found->pw_name, prog);
	else
		err_set(why, ERR_IO,
			"'%s' is the folder of user %lu, who may not be able to use what root "
			"writes there: setpriv --reuid %lu --regid %lu --clear-groups %s",
			folder, (unsigned long)st.st_uid, (unsigned long)st.st_uid,
			(unsigned long)st.st_gid, prog);
	return true;
}
