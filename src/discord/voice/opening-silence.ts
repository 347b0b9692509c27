import { type Networking, NetworkingStatusCode } from "@discordjs/voice";
import { SILENCE_PACKET } from "../../audio/opus-packet.ts";

/** As many as other libraries send. */
const FRAMES = 5;
const FRAME_MS = 20;

/**
 * On a new or resumed voice connection, announces that we speak, sends a few frames of silence, and announces that we
 * stopped. Discord sometimes sends no audio to a client that has sent none. Nobody hears the silence, so it is also
 * sent while muted.
 *
 * The library's methods seal and count each frame, as they do for other audio of the bot.
 *
 * @param onFailure gets their errors, because nothing else can catch an error in a timer
 */
export function sendOpeningSilence(networking: Networking, onFailure: (error: unknown) => void): void {
  const { state } = networking;
  if (state.code !== NetworkingStatusCode.Ready) return;
  const { secretKey } = state.connectionData;
  let frames = 0;
  const sendNext = (): void => {
    const now = networking.state;
    if (now.code !== NetworkingStatusCode.Ready || now.connectionData.secretKey !== secretKey) return;
    if (frames === FRAMES) {
      networking.setSpeaking(false);
      return;
    }
    frames += 1;
    try {
      sendFrame(networking);
    } catch (error) {
      onFailure(error);
      return;
    }
    setTimeout(sendNext, FRAME_MS).unref();
  };
  sendNext();
}

/** A packet that a player has prepared is sent within 20 ms, and already has the next sequence number. */
function sendFrame(networking: Networking): void {
  const { state } = networking;
  if (state.code !== NetworkingStatusCode.Ready || state.preparedPacket !== undefined) return;
  networking.prepareAudioPacket(SILENCE_PACKET);
  networking.dispatchAudio();
}
