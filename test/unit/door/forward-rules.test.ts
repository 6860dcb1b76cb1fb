import { expect, test } from 'vitest';
import { forwardObstacles, forwardRulesIn, forwards } from '../../../src/door/forward-rules.ts';
import { parseSettings } from '../../../src/door/sshd-settings.ts';

test.each<[string, number[]]>([
  ['', [3000, 3001]],
  ['allowtcpforwarding yes\npermitopen any\n', [3000, 3001]],
  ['allowtcpforwarding local\n', [3000, 3001]],
  ['allowtcpforwarding no\n', []],
  ['allowtcpforwarding remote\n', []],
  ['disableforwarding yes\nallowtcpforwarding yes\n', []],
  ['permitopen none\n', []],
  ['permitopen localhost:3000 10.0.0.1:*\n', [3000]],
  ['permitopen *:3001\n', [3001]],
  ['permitopen localhost:*\n', [3000, 3001]],
  // The line asks for it by the other name.
  ['permitopen 127.0.0.1:3000\n', []],
])('C4: %j forwards %j', (text, ports) => {
  const rules = [forwardRulesIn({ settings: parseSettings(text) })];
  expect([3000, 3001].filter((port) => forwards(rules, port))).toEqual(ports);
  const [obstacle] = forwardObstacles(rules, [3000, 3001]);
  const refused = ['3000', '3001'].filter((port) => !ports.includes(Number(port)));
  expect(obstacle && 'ports' in obstacle ? obstacle.ports : []).toEqual(refused);
});

test('C4: what holds for some alone is told, and leaves the line as it is', () => {
  const settings = parseSettings('allowtcpforwarding no\n');
  const rules = [forwardRulesIn({ settings, when: 'Match Address 10.0.0.0/8' })];
  expect(forwards(rules, 3000)).toBe(true);
  expect(forwardObstacles(rules, [3000])).toMatchObject([{ when: 'Match Address 10.0.0.0/8' }]);
  expect(forwardObstacles(rules, 'any')).toHaveLength(1);
  expect(forwardObstacles(rules, [])).toEqual([]);
});
