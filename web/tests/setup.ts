/* What happy-dom does not have: the top layer. Enough of it for components to open and close. */
import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeAll } from 'vitest';
import { setLocale } from '../src/lib/i18n/i18n.svelte';

const proto = HTMLElement.prototype as HTMLElement & { showPopover?: () => void; hidePopover?: () => void };
proto.showPopover ??= () => undefined;
proto.hidePopover ??= () => undefined;

beforeAll(() => setLocale('pt'));
afterEach(() => cleanup());
