import encodeQR from 'qr';
import { callText } from './words';

/** QRCode draws a link. It is drawn here and not by the server, because a link may have a key that the server must not know. */
export default function QRCode({ value }: { value: string }) {
  const rows = encodeQR(value, 'raw', { ecc: 'medium', border: 4 });
  const path = rows.flatMap((row, y) => row.map((black, x) => (black ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg className="qr-code" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={callText.invite.qr} shapeRendering="crispEdges">
      <path fill="#fff" d={`M0 0h${rows.length}v${rows.length}H0z`} />
      <path d={path} />
    </svg>
  );
}
