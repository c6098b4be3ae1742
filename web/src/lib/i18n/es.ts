/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './es/auth';
import customers from './es/customers';
import errors from './es/errors';
import inbox from './es/inbox';
import settings from './es/settings';
import shell from './es/shell';
import ui from './es/ui';

export default { auth, customers, errors, inbox, settings, shell, ui };
