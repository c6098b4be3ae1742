/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './en/auth';
import customers from './en/customers';
import errors from './en/errors';
import inbox from './en/inbox';
import settings from './en/settings';
import shell from './en/shell';
import ui from './en/ui';

export default { auth, customers, errors, inbox, settings, shell, ui };
