import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { SHORTCUTS, shortcutsOn, switchShortcuts } from './shortcuts.ts';

export function Help({ onClose }: { onClose: () => void }) {
  const [on, setOn] = useState(shortcutsOn);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {SHORTCUTS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={on}
          onChange={(event) => {
            switchShortcuts(event.currentTarget.checked);
            setOn(event.currentTarget.checked);
          }}
        />
        Letters alone are shortcuts
      </label>
      <p class="quiet">
        Words with a dotted line explain themselves. The address of each view restores it.
      </p>
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
