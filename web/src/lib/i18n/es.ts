/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './es/auth';
import channels from './es/channels';
import customers from './es/customers';
import errors from './es/errors';
import inbox from './es/inbox';
import message from './es/message';
import settings from './es/settings';
import shell from './es/shell';
import ui from './es/ui';
import webhooks from './es/webhooks';

export default { auth, channels, customers, errors, inbox, message, settings, shell, ui, webhooks };
