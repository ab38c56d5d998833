import {css} from 'lit';

export const styles = css`
:host { display: flex; flex-direction: column; }
.frame { flex: 1 1 auto; min-block-size: 0; min-inline-size: 0; container-type: inline-size; display: flex; flex-direction: column; }
.framed {
  flex-basis: 30rem;
  overflow: hidden;
  background: var(--mesh-background, transparent);
  border: var(--mesh-border, 1px solid var(--_line));
  border-radius: var(--_radius);
}
.layout { display: contents; }
.framed .layout {
  flex: 1 1 0;
  min-block-size: 0;
  display: grid;
  grid-template: 'status' auto 'roster' auto 'chat' minmax(0, 1fr) / minmax(0, 1fr);
}
.framed ::slotted(mesh-status), .framed mesh-status { grid-area: status; }
/* The chat says what it means and what can be done; the status above it need not say it again. */
.chatty ::slotted(mesh-status), .chatty mesh-status { --_action: none; }
.framed ::slotted(mesh-roster), .framed mesh-roster { grid-area: roster; --mesh-border: 0; border-block-start: 1px solid var(--_line); }
.framed ::slotted(mesh-chat), .framed mesh-chat { grid-area: chat; --mesh-border: 0; border-block-start: 1px solid var(--_line);
  border-radius: 0; min-block-size: 0; }
@container (inline-size >= 40rem) {
  .framed .layout { grid-template: 'status roster' auto 'chat roster' minmax(0, 1fr) / minmax(0, 1fr) auto; }
  .framed ::slotted(mesh-roster), .framed mesh-roster { border-block-start: 0; border-inline-start: 1px solid var(--_line);
    inline-size: 14rem; min-block-size: 0; }
}
`;
