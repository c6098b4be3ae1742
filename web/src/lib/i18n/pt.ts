/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './pt/auth';
import customers from './pt/customers';
import errors from './pt/errors';
import inbox from './pt/inbox';
import settings from './pt/settings';
import shell from './pt/shell';
import ui from './pt/ui';

export default { auth, customers, errors, inbox, settings, shell, ui };
