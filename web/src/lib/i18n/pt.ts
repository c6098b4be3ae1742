/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './pt/auth';
import channels from './pt/channels';
import customers from './pt/customers';
import errors from './pt/errors';
import inbox from './pt/inbox';
import message from './pt/message';
import settings from './pt/settings';
import shell from './pt/shell';
import ui from './pt/ui';
import webhooks from './pt/webhooks';

export default { auth, channels, customers, errors, inbox, message, settings, shell, ui, webhooks };
