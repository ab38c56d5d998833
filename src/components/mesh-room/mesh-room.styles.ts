import {css} from 'lit';

export const styles = css`
/* A page's own rules win over these: whatever display and height it gives, the frame fills. */
:host { display: block; block-size: 30rem; }
:host(:state(bare)) { block-size: auto; }
.frame { block-size: 100%; flex: 1 1 auto; min-inline-size: 0; container-type: inline-size; }
.framed {
  overflow: hidden;
  background: var(--mesh-background, transparent);
  border: var(--mesh-border, 1px solid var(--_line));
  border-radius: var(--_radius);
}
.framed .layout {
  block-size: 100%;
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
