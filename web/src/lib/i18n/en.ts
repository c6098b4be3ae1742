/* All texts of one language: one chunk, loaded when the language is chosen. */
import auth from './en/auth';
import channels from './en/channels';
import customers from './en/customers';
import errors from './en/errors';
import inbox from './en/inbox';
import message from './en/message';
import settings from './en/settings';
import shell from './en/shell';
import ui from './en/ui';
import webhooks from './en/webhooks';

export default { auth, channels, customers, errors, inbox, message, settings, shell, ui, webhooks };
