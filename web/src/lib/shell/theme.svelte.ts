/* Light, dark, or as the system has it. theme.js has set the first paint already; here it is changed. */

export type Theme = 'light' | 'dark' | 'system';

const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  try {
    const value = localStorage.getItem('theme');
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

let choice = $state<Theme>(stored());
let systemDark = $state(system.matches);
const dark = $derived(choice === 'dark' || (choice === 'system' && systemDark));

system.addEventListener('change', () => {
  systemDark = system.matches;
  apply();
});

function apply(): void {
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#0f1115' : '#f6f7f9');
}

export const theme = {
  get choice() {
    return choice;
  },
  get dark() {
    return dark;
  },
  set(to: Theme) {
    choice = to;
    try {
      if (to === 'system') localStorage.removeItem('theme');
      else localStorage.setItem('theme', to);
    } catch {
      /* storage forbidden: the choice lasts for this page */
    }
    apply();
  },
  toggle() {
    this.set(dark ? 'light' : 'dark');
  },
};
