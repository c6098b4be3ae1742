import { describe, expect, it } from 'vitest';
import { cleanKeyword, formOf, inserted, preview, stepsBody, stepsWrong } from './shortcuts.rules';

describe('shortcuts', () => {
  it('writes keywords without spaces and accents', () => {
    expect(cleanKeyword('/Olá Mundo')).toBe('ola-mundo');
    expect(cleanKeyword('x'.repeat(60))).toHaveLength(40);
  });

  it('turns seconds into milliseconds and back', () => {
    const form = formOf(
      {
        id: '1',
        keyword: 'a',
        title: '',
        shared: true,
        teamIds: [],
        uses: 0,
        updatedAt: '',
        steps: [{ content: ' Oi ', fileIds: [], delayMs: 1500 }],
      },
      false,
    );
    expect(form.steps[0]?.delay).toBe('1.5');
    expect(stepsBody(form.steps)).toEqual([{ content: 'Oi', fileIds: [], delayMs: 1500 }]);
    expect(stepsBody([{ key: '', content: 'x', fileIds: [], delay: '2,5' }])[0]?.delayMs).toBe(2500);
  });

  it('refuses empty steps and odd pauses', () => {
    const step = (content: string, delay = '', fileIds: string[] = []) => ({ key: '', content, delay, fileIds });
    expect(stepsWrong([step('Oi')])).toBeUndefined();
    expect(stepsWrong([step(' ')])).toBe('empty');
    expect(stepsWrong([step('', '', ['f'])])).toBeUndefined();
    expect([stepsWrong([step('a', 'x')]), stepsWrong([step('a', '601')]), stepsWrong([])]).toEqual([
      'delay',
      'delay',
      'empty',
    ]);
  });

  it('inserts a variable at the caret and previews it', () => {
    expect(inserted('Oi !', 3, 3, '{{agent.name}}')).toEqual({ text: 'Oi {{agent.name}}!', caret: 17 });
    expect(preview('{{greeting}}, {{customer.firstName|default:tudo bem}}{{x}}', { greeting: 'Bom dia' })).toBe(
      'Bom dia, tudo bem',
    );
  });
});
