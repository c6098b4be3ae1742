import { expect, it } from 'vitest';
import { focusFirstWrong, formAtWork } from './firstWrong';

function page(html: string): HTMLFormElement {
  document.body.innerHTML = html;
  const form = document.querySelector('form');
  if (!form) throw new Error('no form');
  return form;
}

it('goes to the first wrong field, past what stands beside its label', async () => {
  const form = page(`<form><div class="field"><input id="fine"></div>
    <div class="field"><a href="#x">help</a><span class="input" aria-invalid="true"><input id="wrong" aria-invalid="true"></span><span class="error">!</span></div>
    <div class="field"><input id="later" aria-invalid="true"><span class="error">!</span></div></form>`);
  await focusFirstWrong(form);
  expect(document.activeElement?.id).toBe('wrong');
});

it('goes into a group that is wrong as a whole, and to a control outside of any field', async () => {
  await focusFirstWrong(
    page(
      `<form><div class="field" role="group"><button id="one" type="button">a</button><span class="error">!</span></div></form>`,
    ),
  );
  expect(document.activeElement?.id).toBe('one');
  await focusFirstWrong(
    page('<form><span class="input" aria-invalid="true"><input id="bare" aria-invalid="true"></span></form>'),
  );
  expect(document.activeElement?.id).toBe('bare');
});

it('leaves the focus alone when nothing is wrong', async () => {
  const form = page('<form><input id="here"></form>');
  document.getElementById('here')?.focus();
  await focusFirstWrong(form);
  expect(document.activeElement?.id).toBe('here');
});

it('finds the form of a button that stands outside of it', () => {
  const form = page('<form id="f"></form><button form="f" id="b">save</button>');
  document.getElementById('b')?.focus();
  expect(formAtWork()).toBe(form);
});
