import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../data/http.ts';
import { currentToken, setToken } from '../data/token.ts';
import { announce } from '../shell/announce.ts';
import { Dialog } from './dialog.tsx';
import { Failure } from './says.tsx';

/** Asks before something is changed, for the token too where it isn't known, and tells what became of it. */
export function ChangeDialog({
  title,
  word,
  danger,
  done,
  run,
  onClose,
  children,
}: {
  title: string;
  /** Of the button that does it. */
  word: string;
  danger?: boolean;
  /** What is said when it was done. */
  done: string;
  run: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const [asksToken, setAsksToken] = useState(currentToken() === undefined);
  const [token, writeToken] = useState('');
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const change = async () => {
    setBusy(true);
    setError(undefined);
    if (asksToken) setToken(token.trim());
    try {
      await run();
      announce(done);
      onClose();
    } catch (reason) {
      const failed = reason instanceof ApiError ? reason : new ApiError(0, String(reason));
      if (failed.status === 401) {
        setToken(undefined);
        setAsksToken(true);
      }
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="change"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        {children}
        {asksToken && (
          <label class="field">
            Token
            <input
              type="password"
              name="token"
              value={token}
              required
              autocomplete="off"
              onInput={(event) => writeToken(event.currentTarget.value)}
            />
            <small class="quiet">
              Changes need it. Packetwatch says at its start in which file it is; it is kept until
              this tab is closed.
            </small>
          </label>
        )}
        {error && <Failure error={error} />}
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger === true ? 'danger' : 'accent'} disabled={busy}>
            {word}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
