/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "input.h"
#include "pin.h"
#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
print_enrolled(const struct task *task, const struct sambung_state *state)
{
	char *number;

	if (task->json) {
		print_json(json_pack("{s:I, s:s}", "device", (json_int_t)state->device, "cadre",
				     state->cadre));
		return;
	}
	number = text_format("%" PRIu32, state->device);
	message_print(stdout, task->language, MESSAGE_ENROLLED, number, state->cadre);
	(void)fputs("\n", stdout);
	free(number);
}

enum exit_status
cmd_enrol(struct task *task)
{
	struct sambung_error err = {0};
	struct sambung_state state;
	char *code = NULL;
	enum exit_status status;

	if (!task->reads_input) {
		/* Others on the machine can read arguments; not for longer than need be. */
		code = text_copy(task->arguments[0]);
		pin_wipe(task->arguments[0], strlen(task->arguments[0]));
	} else {
		status = input_text(task, &code);
		if (status != EXIT_DONE) {
			return status;
		}
	}
	status = task_open(task);
	if (status != EXIT_DONE) {
		goto done;
	}
	if (sambung_enrol(task->device, code, &err) != 0 ||
	    sambung_state(task->device, &state, &err) != 0) {
		status = task_error(task, &err);
		goto done;
	}
	print_enrolled(task, &state);
done:
	pin_wipe(code, strlen(code));
	free(code);
	return status;
}
